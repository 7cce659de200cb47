"""The demo's values written into the database, room by room, inside the caller's transaction."""
