"""What stops a whole file. Each carries the one sentence that the person who sent the file reads."""


class IngestError(Exception):
    """A file cannot be read (on). Chunks read before stay; the file can be sent again, whole."""


class UnknownSystem(IngestError):
    """The named system of record is none of those bankos reads."""


class UnknownHeader(IngestError):
    """The first line names columns no feed of this system has."""


class UnreadableFile(IngestError):
    """Not there, not UTF-8, cut off, damaged, or not made of lines."""


class TimeShiftFixed(IngestError):
    """This system's dates are shifted by another number of days already; one customer cannot live in two times."""


class ReadElsewhere(IngestError):
    """Another process is reading the same file."""


class UnknownCorrection(IngestError):
    """A correction names a row that isn't waiting for one."""
