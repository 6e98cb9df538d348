"""What several kinetics models share."""
