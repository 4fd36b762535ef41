"""What pages are built from: the frame around them, cards, tables, figures and words."""
