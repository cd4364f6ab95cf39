"""Renders Stowaway in DawDreamer, for `cargo xtask validate`.

usage: dawdreamer_render.py PLUGIN.vst3 FEED OUT FRAMES BLOCK [NAME=VALUE ...]

FEED and OUT are bare 32-bit floats, one channel after the other: all input buses in, all output
buses out. The play head plays and records from position 0. Values are normalised.
"""
import sys

import dawdreamer
import numpy

plugin_path, feed_path, out_path = sys.argv[1:4]
frames, block = int(sys.argv[4]), int(sys.argv[5])
RATE = 48000

engine = dawdreamer.RenderEngine(RATE, block)
engine.set_bpm(120.0)
plugin = engine.make_plugin_processor("plugin", plugin_path)
channels = plugin.get_num_input_channels()
feed = numpy.fromfile(feed_path, dtype="<f4").reshape(channels, frames)
names = {p["name"]: p["index"] for p in plugin.get_parameters_description()}
for setting in sys.argv[6:]:
    name, value = setting.split("=")
    plugin.set_parameter(names[name], float(value))
source = engine.make_playback_processor("source", feed)
engine.load_graph([(source, []), (plugin, ["source"])])
plugin.record = True
# A little more than asked for, so that the rounding of seconds takes nothing away.
engine.render((frames + 1) / RATE)
plugin.get_audio()[:, :frames].astype("<f4").tofile(out_path)
