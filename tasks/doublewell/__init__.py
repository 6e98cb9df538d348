"""doublewell: one slow coordinate among d fast ones, every likelihood exact."""
