"""The one family of errors that users see."""


class TurntoneError(Exception):
    """Something the user can mend. Its message says where, what value, what is accepted, what to do next."""


class AudioError(TurntoneError):
    """A recording cannot be read as audio."""


class ModelError(TurntoneError):
    """A model's files are missing, incomplete or not what they should be."""


class ConfigError(TurntoneError):
    """A setting is unknown or out of range."""


class FormatError(TurntoneError):
    """A file of turns or labels breaks the rules of its format; the message names the line."""


class WorkspaceError(TurntoneError):
    """The workspace cannot be read or written, or holds no such case, session or speaker."""


class DatabaseLost(WorkspaceError):
    """The connection to the database broke off before anything was stored: the same can be asked again."""


class StoreAway(WorkspaceError):
    """The store of a shared workspace does not answer, or refuses; what was asked for can be asked again."""


class AccessError(TurntoneError):
    """Somebody may not do what they asked for."""
