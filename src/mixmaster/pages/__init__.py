"""Pages and pictures: what was measured, drawn for people. Imports results, never click."""
