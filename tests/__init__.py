"""What a user relies on, told as promises and stories."""
