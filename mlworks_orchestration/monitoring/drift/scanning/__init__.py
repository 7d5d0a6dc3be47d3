"""From files and frames to profiles, in one pass and in little memory."""
