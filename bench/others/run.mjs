// Runs one of the packages over sound files and writes what it says, without a browser.
//
//   node run.mjs rhubarb|headaudio|headaudio-mended|wawa jobs.json out.jsonl [node_modules]
//
// jobs.json: {"rate": Hz, "clips": [{"name", "sound": file of float32 samples, "text"}]}. out.jsonl gets a line with the
// package's version and seconds to load, then one a clip: its processor seconds and either `cues` [start, end, shape]
// or `frames` of weights of `names` at `fps`. What was written stays when the run is stopped.

import { appendFileSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const FPS = 60; // what a browser draws at
const [which, jobsFile, outFile, modules = join(import.meta.dirname, 'node_modules')] = process.argv.slice(2);

const load = (path) => import(pathToFileURL(resolve(modules, path)));
const version = (name) => JSON.parse(readFileSync(resolve(modules, name, 'package.json'), 'utf8')).version;
const seconds = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1e6; };

/** Rhubarb: 16-bit PCM of 16 kHz in, cues of its nine mouth shapes out. */
async function rhubarb() {
  const { Rhubarb } = await load('rhubarb-lip-sync-wasm/dist/index.js');
  await Rhubarb.getModule();
  return {
    package: 'rhubarb-lip-sync-wasm',
    async say(samples, text) {
      const pcm = Buffer.alloc(2 * samples.length);
      samples.forEach((s, i) => pcm.writeInt16LE(Math.round(32767 * Math.max(-1, Math.min(1, s))), 2 * i));
      const { mouthCues } = await Rhubarb.getLipSync(pcm, text ? { dialogText: text } : {});
      return { cues: mouthCues.map(({ start, end, value }) => [start, end, value]) };
    },
  };
}

/** HeadAudio: its own processor fed with blocks of 128 samples as a browser feeds it, its own node drawn at 60 a second.
 * Thresholds are those of its README's example. Its node takes viseme 0, the open "aa", for none; `mended` gives it. */
async function headaudio(rate, mended = false) {
  const port = () => ({ onmessage: null, other: null, postMessage(data) { this.other.onmessage?.({ data }); } });
  const near = port(), far = port();
  [near.other, far.other] = [far, near];
  let Worklet;
  globalThis.sampleRate = rate;
  globalThis.AudioWorkletProcessor = class { constructor() { this.port = far; } };
  globalThis.AudioWorkletNode = class { constructor() { this.port = near; } };
  globalThis.registerProcessor = (_, found) => { Worklet = found; };
  await load('@met4citizen/headaudio/modules/headworklet.mjs');
  const { HeadAudio } = await load('@met4citizen/headaudio/modules/headaudio.mjs');
  const model = readFileSync(resolve(modules, '@met4citizen/headaudio/dist/model-en-mixed.bin'));
  globalThis.fetch = async () => new Response(model);
  const parameters = Object.fromEntries(Worklet.parameterDescriptors.map((d) => [d.name, [d.defaultValue]]));
  Object.assign(parameters, { vadGateActiveDb: [-40], vadGateInactiveDb: [-60] });
  return {
    package: '@met4citizen/headaudio',
    async say(samples) {
      const processor = new Worklet({}), node = new HeadAudio({});
      await node.loadModel('model');
      const weights = new Float32Array(node.nVisemes), frames = [];
      const heard = near.onmessage;
      near.onmessage = (message) => {
        heard(message);
        if (mended && message.data.event === 'viseme' && message.data.viseme === 0) node.visemeActive = 0;
      };
      node.onvalue = (name, value) => { weights[node.visemeNames.indexOf(name)] = value; };
      for (let at = 0; at < samples.length; at += 128) {
        processor.process([[samples.subarray(at, at + 128)]], [], parameters);
        while (frames.length / FPS <= (at + 128) / rate) {
          node.update(1000 / FPS);
          frames.push(Array.from(weights));
        }
      }
      return { fps: FPS, names: node.visemeNames, frames };
    },
  };
}

/** wawa-lipsync: its own class on an AnalyserNode written after the Web Audio specification, asked 60 times a second;
 * weights glide to the viseme it names as in its own example (0.4 of the way a frame, 0.2 in vowels; half of it back). */
async function wawa(rate) {
  let now = 0, analyser = null;
  globalThis.window = { AudioContext: class { sampleRate = rate; createAnalyser() { return (analyser = new Analyser()); } } };
  Object.defineProperty(globalThis, 'performance', { value: { now: () => 1000 * now } });
  const { Lipsync, VISEMES } = await load('wawa-lipsync/dist/wawa-lipsync.es.js');
  const names = Object.values(VISEMES);
  return {
    package: 'wawa-lipsync',
    async say(samples) {
      now = 0;
      const lips = new Lipsync(), weights = names.map(() => 0), frames = [];
      for (; now <= samples.length / rate; now += 1 / FPS) {
        analyser.hear(samples, Math.round(now * rate));
        lips.processAudio();
        const pace = lips.state === 'vowel' ? 0.2 : 0.4;
        names.forEach((name, i) => {
          weights[i] += name === lips.viseme ? (1 - weights[i]) * pace : -weights[i] * pace / 2;
        });
        frames.push([...weights]);
      }
      return { fps: FPS, names, frames };
    },
  };
}

/** The part of an AnalyserNode that wawa-lipsync asks: Blackman window, smoothing 0.8, -100 to -30 dB as bytes. */
class Analyser {
  fftSize = 2048;
  smoothed = null;
  get frequencyBinCount() { return this.fftSize / 2; }

  hear(samples, until) {
    const n = this.fftSize, re = new Float64Array(n), im = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      const phase = 2 * Math.PI * i / n;
      re[i] = (samples[until - n + i] ?? 0) * (0.42 - 0.5 * Math.cos(phase) + 0.08 * Math.cos(2 * phase));
    }
    fft(re, im);
    this.smoothed ??= new Float64Array(n / 2);
    for (let i = 0; i < n / 2; i++) this.smoothed[i] = 0.8 * this.smoothed[i] + 0.2 * Math.hypot(re[i], im[i]) / n;
  }

  getByteFrequencyData(into) {
    into.forEach((_, i) => {
      const db = 20 * Math.log10(this.smoothed[i]);
      into[i] = Math.max(0, Math.min(255, Math.floor(255 / 70 * (db + 100))));
    });
  }
}

/** In place, radix 2. */
function fft(re, im) {
  const n = re.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) [re[i], re[j], im[i], im[j]] = [re[j], re[i], im[j], im[i]];
  }
  for (let size = 2; size <= n; size *= 2) {
    for (let k = 0; k < size / 2; k++) {
      const c = Math.cos(-2 * Math.PI * k / size), s = Math.sin(-2 * Math.PI * k / size);
      for (let a = k; a < n; a += size) {
        const b = a + size / 2, x = re[b] * c - im[b] * s, y = re[b] * s + im[b] * c;
        [re[b], im[b]] = [re[a] - x, im[a] - y];
        re[a] += x;
        im[a] += y;
      }
    }
  }
}

const jobs = JSON.parse(readFileSync(jobsFile, 'utf8'));
const begin = seconds();
const { package: name, say } = await {
  rhubarb, headaudio, wawa, 'headaudio-mended': (rate) => headaudio(rate, true),
}[which](jobs.rate);
const put = (line) => appendFileSync(outFile, JSON.stringify(line) + '\n');
put({ package: name, version: version(name), load_seconds: seconds() - begin });
for (const { name: clip, sound, text } of jobs.clips) {
  const bytes = readFileSync(sound);
  const samples = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const before = seconds();
  const said = await say(samples, text);
  put({ clip, seconds: seconds() - before, ...said });
}
