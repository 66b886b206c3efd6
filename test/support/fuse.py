"""A file system that shows another folder, with faults. Arguments: the folder, where it is mounted, options as JSON."""

import errno
import json
import os
import sys
import threading
import time

try:
    import fusepy as fuse
except ImportError:
    import fuse

SOURCE, PLACE, OPTIONS = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
#: ms that each call takes.
SLOW = OPTIONS.get('slow', 0) / 1000
#: By path, `*` for any other: the calls that never come back (stat, list, open, read, lookup, statfs), or only once who waits for them is killed.
BLOCKED = {path: set(calls) for path, calls in OPTIONS.get('blocked', {}).items()}
#: Seconds that times are counted in; 0 leaves them as they are.
GRAIN = OPTIONS.get('grain', 0)
#: Seconds that its clock is ahead of the machine's.
AHEAD = OPTIONS.get('ahead', 0)
#: A file that is told how many looks (stat, list) there were at a time, at most.
AT_ONCE = OPTIONS.get('atOnce', '')
IGNORES_CASE = OPTIONS.get('ignoresCase', False)

#: Whether those calls hold even who is killed, as a FUSE server does that hangs; a dead network drive lets go.
HOLDS_KILLED = OPTIONS.get('holdsKilled', False)
#: Seconds between two looks whether who waits is gone.
PAUSE = 0.05


class Faulty(fuse.Operations):
    def __init__(self):
        #: Times that were set and not taken from the clock are not ahead.
        self.were_set = {}
        #: The kernel looks a name up first, and holds the whole folder meanwhile: that is answered.
        self.looked_up = {'/'}
        self.counting = threading.Lock()
        self.now = self.most = 0

    def __call__(self, op, *args):
        # The kernel closes what was looked at when it likes: that is no look.
        look = 1 if op in ('getattr', 'readdir') else 0
        with self.counting:
            self.now += look
            if self.now > self.most:
                self.most = self.now
                self.tell()
        try:
            time.sleep(SLOW)
            return super().__call__(op, *args)
        finally:
            with self.counting:
                self.now -= look

    def tell(self):
        if AT_ONCE:
            with open(AT_ONCE, 'w') as file:
                file.write(str(self.most))

    def wait(self, call, path):
        if call in BLOCKED.get(path, BLOCKED.get('*', ())):
            while HOLDS_KILLED or not fuse._libfuse.fuse_interrupted():
                time.sleep(PAUSE)
            raise fuse.FuseOSError(errno.EINTR)

    def real(self, path):
        return SOURCE + (self.spelled(path) if IGNORES_CASE else path)

    def spelled(self, path):
        found = ''
        for name in path.strip('/').split('/'):
            names = os.listdir(SOURCE + found) if os.path.isdir(SOURCE + found) else []
            alike = [other for other in names if other.lower() == name.lower()]
            found += '/' + (alike[0] if alike and name not in names else name)
        return found

    def getattr(self, path, fh=None):
        self.wait('stat' if path in self.looked_up else 'lookup', path)
        self.looked_up.add(path)
        stats = os.lstat(self.real(path))
        found = {name: getattr(stats, name) for name in dir(stats) if name.startswith('st_') and not name.endswith('_ns')}
        mtime_was_set = self.were_set.get(stats.st_ino) == stats.st_mtime_ns
        found['st_mtime'] = self.shown(stats.st_mtime, 0 if mtime_was_set else AHEAD)
        found['st_ctime'] = self.shown(stats.st_ctime, AHEAD)
        return found

    def shown(self, seconds, ahead):
        seconds += ahead
        return seconds - seconds % GRAIN if GRAIN else seconds

    def readdir(self, path, fh):
        self.wait('list', path)
        # The kind of each is told as well, as most file systems do: it need not be looked at for that.
        found = ['.', '..']
        for name in os.listdir(self.real(path)):
            stats = os.lstat(os.path.join(self.real(path), name))
            found.append((name, {'st_ino': stats.st_ino, 'st_mode': stats.st_mode}, 0))
        return found

    def readlink(self, path):
        return os.readlink(self.real(path))

    def access(self, path, mode):
        if not os.access(self.real(path), mode):
            raise fuse.FuseOSError(errno.EACCES)

    def statfs(self, path):
        self.wait('statfs', path)
        stats = os.statvfs(self.real(path))
        return {name: getattr(stats, name) for name in dir(stats) if name.startswith('f_') and name != 'f_fsid'}

    def open(self, path, flags):
        self.wait('open', path)
        return os.open(self.real(path), flags)

    def create(self, path, mode, fi=None):
        return os.open(self.real(path), os.O_RDWR | os.O_CREAT, mode)

    def read(self, path, size, offset, fh):
        self.wait('read', path)
        return os.pread(fh, size, offset)

    def write(self, path, data, offset, fh):
        return os.pwrite(fh, data, offset)

    def truncate(self, path, length, fh=None):
        os.truncate(self.real(path), length)

    def flush(self, path, fh):
        pass

    def fsync(self, path, datasync, fh):
        os.fsync(fh)

    def release(self, path, fh):
        os.close(fh)

    def mkdir(self, path, mode):
        os.mkdir(self.real(path), mode)

    def rmdir(self, path):
        os.rmdir(self.real(path))

    def unlink(self, path):
        os.unlink(self.real(path))

    def rename(self, old, new):
        os.rename(self.real(old), self.real(new))

    def symlink(self, target, source):
        os.symlink(source, self.real(target))

    def chmod(self, path, mode):
        os.chmod(self.real(path), mode)

    def chown(self, path, uid, gid):
        os.chown(self.real(path), uid, gid)

    def utimens(self, path, times=None):
        os.utime(self.real(path), times)
        stats = os.lstat(self.real(path))
        if times is not None:
            self.were_set[stats.st_ino] = stats.st_mtime_ns


# The kernel remembers names, where they have one spelling, and nothing else.
fuse.FUSE(
    Faulty(),
    PLACE,
    foreground=True,
    attr_timeout=0,
    entry_timeout=0 if IGNORES_CASE else 3600,
    negative_timeout=0,
    direct_io=True,
    use_ino=True,
    intr=True,
)
