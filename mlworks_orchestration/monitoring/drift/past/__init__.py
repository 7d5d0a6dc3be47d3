"""What is normal: the reference's own past, drawn from again and again, and the thresholds that follow."""
