-- Drives Ardour for `cargo xtask validate`, without a display and without a sound card:
--
--     ardour7-lua ardour.lua SESSION-FOLDER STEPS RESULTS
--
-- STEPS is a file with one step a line, see `verbs` below, which the validator writes; RESULTS is
-- the one that it reads. Positions are frames at 48 kHz. The clock of the dummy backend drifts
-- under load, so every wait is for a position or a state, and gives up after a while.
io.stdout:setvbuf("no")
local folder, steps = arg[1], arg[2]
local results = assert(io.open(arg[3], "w"))
results:setvbuf("line")
local NO_GROUP = PBD.GroupControlDisposition.NoGroup
local USER = ARDOUR.TransportRequestSource.TRS_UI
local LAST = ARDOUR.PresentationInfo.max_order
local STOP = ARDOUR.LocateTransportDisposition.MustStop
local ROLL = ARDOUR.LocateTransportDisposition.MustRoll
local BLOCK = 256
local session

-- Says a line that the validator reads: words with tabs between them.
local function say(...)
  local words = {...}
  for i, word in ipairs(words) do words[i] = tostring(word) end
  results:write(table.concat(words, "\t"), "\n")
end

-- Waits until done() is true.
local function wait(what, seconds, done)
  for _ = 1, seconds * 50 do
    if done() then return end
    sleep(0.02)
  end
  error("waited for " .. what .. " for " .. seconds .. " s")
end

local function engine()
  local backend = AudioEngine:set_backend("None (Dummy)", "Unit-Test", "")
  backend:set_driver("Normal Speed")
  backend:set_device_name("Silence")
  backend:set_buffer_size(BLOCK)
end

local function tracks(count, name)
  return session:new_audio_track(2, 2, nil, count, name, LAST, ARDOUR.TrackMode.Normal, true, false)
end

-- The routes called `name 1`, `name 2` ...
local function numbered(name)
  local found = {}
  for route in session:get_routes():iter() do
    local number = tonumber(route:name():match("^" .. name .. " (%d+)$"))
    if number then found[number] = route end
  end
  return found
end

-- Ardour does this in its own time.
local function arm(name, on)
  local value = on and 1 or 0
  for _, route in ipairs(numbered(name)) do
    local control = route:to_track():rec_enable_control()
    control:set_value(value, NO_GROUP)
    wait(route:name() .. " to be armed or not", 20, function()
      return control:get_value() == value
    end)
  end
end

local function connect(from, to)
  if from:connect(to:name()) ~= 0 then error(from:name() .. " -> " .. to:name()) end
end

local function host() return session:route_by_name("Host") end
local function insert() return host():nth_plugin(0):to_insert() end

local function locate(pos)
  session:request_locate(pos, true, STOP, USER)
  wait("the position " .. pos, 20, function()
    return session:transport_stopped() and session:transport_sample() == pos
  end)
  sleep(0.5)
end

local function roll()
  session:request_roll(USER)
  wait("the transport to roll", 20, function() return session:transport_rolling() end)
end

local function stop()
  session:request_stop(false, false, USER)
  wait("the transport to stop", 20, function() return session:transport_stopped() end)
  -- Ardour closes what it recorded, and the plugin what it did.
  sleep(1.5)
end

local function until_past(pos, seconds)
  wait("the position " .. pos, seconds, function() return session:transport_sample() >= pos end)
end

local verbs = {}

-- A new session without anything that changes samples.
function verbs.create()
  session = create_session(folder, "t", 48000)
  assert(session, "Ardour made no session")
  Session = session
  session:cfg():set_use_transport_fades(false)
  session:cfg():set_use_region_fades(false)
  session:cfg():set_use_monitor_fades(false)
end

function verbs.load()
  session = load_session(folder, "t")
  assert(session, "Ardour did not load the session")
  Session = session
end

-- sources COUNT FRAMES: stereo tracks `Source n` with that much silence from 0 on, which the
-- validator then replaces by its material.
function verbs.sources(count, frames)
  local list = tracks(tonumber(count), "Source")
  list = nil
  arm("Source", true)
  session:maybe_enable_record(false)
  locate(0)
  roll()
  until_past(tonumber(frames), 120)
  stop()
  session:disable_record(false, true)
  arm("Source", false)
  for _, route in ipairs(numbered("Source")) do
    -- What is on the disk, always: else Ardour fades it in when it starts.
    route:to_track():monitoring_control():set_value(2, NO_GROUP)
  end
end

-- host COUNT: a bus with Stowaway, all of its inputs fed by the sources, all of its outputs
-- recorded by tracks `Output n`.
function verbs.host(count)
  count = tonumber(count)
  local bus = session:new_audio_route(2 * count, 2 * count, nil, 1, "Host",
    ARDOUR.PresentationInfo.Flag.AudioBus, LAST):front()
  bus:set_strict_io(false)
  local plugin = ARDOUR.LuaAPI.new_plugin(session, "Stowaway", ARDOUR.PluginType.VST3, "")
  assert(not plugin:isnil(), "Ardour has no plugin called Stowaway")
  assert(bus:add_processor_by_index(plugin, 0, nil, true) == 0, "Ardour does not take the plugin")
  local pins = ARDOUR.ChanCount(ARDOUR.DataType("audio"), 2 * count)
  assert(bus:customize_plugin_insert(plugin, 1, pins, pins), "Ardour does not take the pins")
  -- Ardour takes all buses but the first for side chains and leaves them unconnected.
  local insert = plugin:to_insert()
  local map = ARDOUR.ChanMapping()
  for pin = 0, 2 * count - 1 do map:set(ARDOUR.DataType("audio"), pin, pin) end
  insert:set_input_map(0, map)
  insert:set_output_map(0, map)
  say("plugin", insert:natural_input_streams():n_audio(), insert:natural_output_streams():n_audio(),
    insert:signal_latency())
  bus:panner_shell():set_bypassed(true)
  local list = tracks(count, "Output")
  list = nil
  local sources, outputs = numbered("Source"), numbered("Output")
  for channel = 0, 2 * count - 1 do
    local source, output = sources[channel // 2 + 1], outputs[channel // 2 + 1]
    bus:input():audio(channel):disconnect_all()
    bus:output():audio(channel):disconnect_all()
    if source then
      source:panner_shell():set_bypassed(true)
      source:output():audio(channel % 2):disconnect_all()
      connect(source:output():audio(channel % 2), bus:input():audio(channel))
    end
    output:input():audio(channel % 2):disconnect_all()
    output:output():audio(channel % 2):disconnect_all()
    connect(bus:output():audio(channel), output:input():audio(channel % 2))
  end
  session:master_out():panner_shell():set_bypassed(true)
end

-- listen OUTPUT: the master gets that output of Stowaway's. (An export of more than two channels
-- ends Ardour 7.3, with or without plugins.)
function verbs.listen(output)
  local from, to = host():output(), session:master_out():input()
  for channel = 0, 1 do
    to:audio(channel):disconnect_all()
    connect(from:audio(2 * (tonumber(output) - 1) + channel), to:audio(channel))
  end
end

-- set VALUE NAME: a parameter of Stowaway, normalised.
function verbs.set(value, ...)
  local name = table.concat({...}, " ")
  local plugin = insert():plugin(0)
  for index = 0, plugin:parameter_count() - 1 do
    if plugin:parameter_label(index) == name then
      local processor = host():nth_plugin(0)
      assert(ARDOUR.LuaAPI.set_processor_param(processor, index, tonumber(value)))
      sleep(0.2)
      return
    end
  end
  error("Stowaway has no parameter " .. name)
end

-- record on|off: Ardour records what comes out of Stowaway.
function verbs.record(on)
  on = on == "on"
  arm("Output", on)
  if on then session:maybe_enable_record(false) else session:disable_record(false, true) end
end

-- roll FROM TO
function verbs.roll(from, to)
  locate(tonumber(from))
  roll()
  until_past(tonumber(to), 120)
  stop()
end

-- jump FROM TO FROM TO: from the first stretch to the second without a stop in between.
function verbs.jump(from, to, from2, to2)
  locate(tonumber(from))
  roll()
  until_past(tonumber(to), 120)
  session:request_locate(tonumber(from2), true, ROLL, USER)
  if tonumber(from2) < tonumber(to) then
    wait("the jump", 20, function() return session:transport_sample() < tonumber(to) end)
  else
    until_past(tonumber(from2), 20)
  end
  until_past(tonumber(to2), 120)
  stop()
end

-- loop FROM TO ROUNDS
function verbs.loop(from, to, rounds)
  from, to, rounds = tonumber(from), tonumber(to), tonumber(rounds)
  ARDOUR.config():set_loop_fade_choice(ARDOUR.LoopFadeChoice.NoLoopFade)
  local range = session:locations():auto_loop_location()
  assert(range, "the session has no loop range")
  range:set(Temporal.timepos_t(from), Temporal.timepos_t(to))
  locate(from)
  session:request_play_loop(true, false)
  wait("the loop", 20, function() return session:get_play_loop() end)
  roll()
  local done, last = 0, from
  wait(rounds .. " rounds", 120, function()
    local now = session:transport_sample()
    if now < last then done = done + 1 end
    last = now
    return done >= rounds and now > (from + to) / 2
  end)
  stop()
  session:request_play_loop(false, false)
  sleep(0.2)
end

-- export FROM TO NAME: the master, as fast as it goes, to the session's folder `export`.
function verbs.export(from, to, name)
  local export = session:simple_export()
  export:set_name(name)
  export:set_range(tonumber(from), tonumber(to))
  assert(export:set_preset("f7f6e6f7-5be1-4a2b-9a46-0c33a3c0f32f"), "no export preset")
  assert(export:run_export(), "Ardour did not export")
end

-- regions NAME: what the tracks of that name hold, one line a file.
function verbs.regions(name)
  for number, route in ipairs(numbered(name)) do
    for region in route:to_track():playlist():region_list():iter() do
      local audio = region:to_audioregion()
      for channel = 0, audio:n_channels() - 1 do
        say("region", name, number, channel, region:position():samples(), region:start():samples(),
          region:length():samples(), region:source(channel):to_filesource():path())
      end
    end
  end
end

-- clear NAME: the tracks of that name hold nothing any more; their files stay.
function verbs.clear(name)
  for _, route in ipairs(numbered(name)) do
    local playlist = route:to_track():playlist()
    local all = {}
    for region in playlist:region_list():iter() do all[#all + 1] = region end
    for _, region in ipairs(all) do playlist:remove_region(region) end
  end
end

function verbs.save()
  assert(session:save_state("", false, false, false, false, false) == 0, "Ardour did not save")
end

engine()
-- A jump while rolling does not end a recording.
ARDOUR.config():set_latched_record_enable(true)
for line in io.lines(steps) do
  local words = {}
  for word in line:gmatch("%S+") do words[#words + 1] = word end
  local verb = table.remove(words, 1)
  if verb then
    say("step", line)
    assert(verbs[verb], "there is no step " .. verb)
    verbs[verb](table.unpack(words))
    collectgarbage()
  end
end
say("xruns", session:get_xrun_count())
session = nil
Session = nil
collectgarbage()
close_session()
say("done")
quit()
