# SPDX-License-Identifier: GPL-2.0-or-later
"""What tests/badinputs/run and tests/fault/run share: namespaces of their own to work in, so that a runtime with the bugs that are
looked for harms nobody, and so that whatever is left in them was left by it."""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CORACLE = os.environ.get("CORACLE", TOP + "/build/release/coracle")
SANITIZED = bool(os.environ.get("CORACLE_SANITIZED"))
CGROUPS = "/sys/fs/cgroup"

# Two steps, since a process is never in the root of a cgroup namespace that has controllers: the runtime is in "own", what it makes
# is beside it.
INSIDE_V2 = r"""
umount -l /sys/fs/cgroup 2>/dev/null
mount -t cgroup2 cgroup2 /sys/fs/cgroup || exit 99
mkdir -p /sys/fs/cgroup/$CORACLE_WORLD && echo 0 >/sys/fs/cgroup/$CORACLE_WORLD/cgroup.procs || exit 99
exec unshare --cgroup --mount --propagation private /bin/sh -c '
    umount -l /sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup || exit 99
    mkdir /sys/fs/cgroup/own && echo 0 >/sys/fs/cgroup/own/cgroup.procs
    exec "$0" "$@"' "$@"
"""
INSIDE_AS_IS = 'exec "$@"'


def enter(program, arguments, cgroup2=True):
    """Runs the program again in pid and mount namespaces, and a cgroup v2 tree, of its own; does not return."""
    if os.geteuid() != 0:
        print("1..0 # SKIP needs root")
        sys.exit(0)
    name = "cor-world-%d" % os.getpid()
    env = dict(os.environ, CORACLE_WORLD=name)
    status = subprocess.run(["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private", "/bin/sh",
                             "-c", INSIDE_V2 if cgroup2 else INSIDE_AS_IS, "sh", sys.executable, os.path.abspath(program)] + arguments,
                            env=env).returncode
    if cgroup2:
        remove = "mount -t cgroup2 cgroup2 /mnt 2>/dev/null && rmdir /mnt/%s/own /mnt/%s 2>/dev/null" % (name, name)
        subprocess.run(["unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", remove])
    if status == 99:
        print("1..0 # SKIP no cgroup v2 here")
        status = 0
    sys.exit(status)


def entered():
    return "CORACLE_WORLD" in os.environ


def name_of(pid):
    try:
        with open("/proc/%d/cmdline" % pid) as f:
            return f.read().replace("\0", " ").strip()[:100]
    except OSError:
        return "?"


def mount_points():
    with open("/proc/self/mountinfo") as f:
        return sorted(line.split()[4] for line in f)


class World:
    """A directory with a bundle that has busybox in it, a state root; and what is left of containers in this world."""

    def __init__(self, prefix, cgroup_name=None):
        """cgroup_name: what is looked for in all hierarchies; without, everything below /sys/fs/cgroup is ours."""
        self.dir = tempfile.mkdtemp(prefix=prefix)
        os.chmod(self.dir, 0o755)       # root of a user namespace has to pass
        self.state = self.dir + "/state"
        self.bundle = self.dir + "/bundle"
        self.cgroup_name = cgroup_name
        subprocess.run([TOP + "/tools/make-bundle", self.bundle, CORACLE], check=True, stdout=subprocess.DEVNULL)
        self.mounts = mount_points()

    def others(self):
        """Processes besides us. Reaps what is ours, since we are the init of this pid namespace."""
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            pass
        return [int(p) for p in os.listdir("/proc") if p.isdigit() and int(p) not in (1, os.getpid())]

    def cgroups(self):
        """Deepest first."""
        found = []
        if self.cgroup_name:
            for top in [CGROUPS] + [CGROUPS + "/" + d for d in os.listdir(CGROUPS)]:
                path = top + "/" + self.cgroup_name
                if os.path.isdir(path):
                    found += [top for top, _, _ in os.walk(path, topdown=False)]
            return found
        for top, dirs, _ in os.walk(CGROUPS, topdown=False):
            found += ["%s/%s" % (top, d) for d in dirs if d != "own"]
        return found

    def left_now(self):
        left = ["process %d (%s)" % (p, name_of(p)) for p in self.others()]
        if os.path.isdir(self.state):
            left += ["state '%s'" % f for f in os.listdir(self.state) if not f.startswith(".")]
        left += ["mount '%s'" % m for m in set(mount_points()) - set(self.mounts)]
        return left + ["cgroup '%s'" % c for c in self.cgroups()]

    def left(self, seconds=2.0):
        """What is there for good: somebody who was told to end may need a moment."""
        end = time.monotonic() + seconds
        while True:
            left = self.left_now()
            if not left or time.monotonic() > end:
                return left
            time.sleep(0.005)

    def sweep(self):
        for p in self.others():
            try:
                os.kill(p, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.05)
        self.others()
        for m in reversed([m for m in mount_points() if m not in self.mounts]):
            subprocess.run(["umount", "-l", m], stderr=subprocess.DEVNULL)
        for c in self.cgroups():
            try:
                os.rmdir(c)
            except OSError:
                pass
        shutil.rmtree(self.state, ignore_errors=True)

    def remove(self):
        shutil.rmtree(self.dir, ignore_errors=True)
