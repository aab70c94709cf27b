"""渠道契约: what every channel promises, whatever the service on the other side does.

`python -m tests.notices.contract` prints the table: channel × case.
"""
