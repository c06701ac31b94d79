"""What `tulou bench` runs: ours and the named peer, the same work, the same run, the ratio printed."""
