"""Paper in and paper out: ledgers and circulars become drafts, refused rows go back."""
