"""What a person types and sees: commands, options, tables, progress, figures."""
