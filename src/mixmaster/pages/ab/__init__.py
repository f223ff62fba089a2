"""The page on which versions are listened to side by side."""
