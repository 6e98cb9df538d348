"""What several super-resolution models share."""
