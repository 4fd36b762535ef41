"""The stages that find a session, one file each: read, diarize, turns, recognize."""
