"""Sends audio through Stowaway in pedalboard, for `cargo xtask validate`.

usage: pedalboard_process.py PLUGIN.vst3 FEED OUT FRAMES BLOCK [NAME=TEXT ...]

FEED and OUT are bare 32-bit floats, one channel after the other: stereo in, stereo out. pedalboard
switches all buses off but the main ones, and has no transport.
"""
import sys

import numpy
import pedalboard

plugin_path, feed_path, out_path = sys.argv[1:4]
frames, block = int(sys.argv[4]), int(sys.argv[5])

plugin = pedalboard.load_plugin(plugin_path, plugin_name="Stowaway")
for setting in sys.argv[6:]:
    name, text = setting.split("=")
    setattr(plugin, name, {"On": True, "Off": False}.get(text, text))
feed = numpy.fromfile(feed_path, dtype="<f4").reshape(2, frames)
out = plugin.process(feed, 48000, buffer_size=block)
out.astype("<f4").tofile(out_path)
