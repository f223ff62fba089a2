"""What a CD and a record share: what is asked of them, sequencing, writing, reading back."""
