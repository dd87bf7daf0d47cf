// node avatar.mjs file.glb: what met4citizen's TalkingHead 1.7.0 looks for in an avatar, found as it finds it.
// Prints JSON: names that are missing, the number of morphed meshes below the root, and the
// lowest point once the hips are lifted, which TalkingHead takes for the floor.
import { readFile } from 'node:fs/promises';
import * as THREE from 'three';
import { GLTFLoader } from 'three/examples/jsm/loaders/GLTFLoader.js';

globalThis.self = globalThis;
globalThis.createImageBitmap = async () => ({ width: 1, height: 1, close() {} });

const bytes = await readFile(process.argv[2]);
const gltf = await new GLTFLoader().parseAsync(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length), '');
const root = gltf.scene.getObjectByName('Armature');
const fingers = ['Thumb', 'Index', 'Middle', 'Ring', 'Pinky'].flatMap((f) => [1, 2, 3].map((n) => `Hand${f}${n}`));
const limbs = ['Eye', 'Shoulder', 'Arm', 'ForeArm', 'Hand', ...fingers, 'UpLeg', 'Leg', 'Foot', 'ToeBase'];
const bones = [
  ...['Hips', 'Spine', 'Spine1', 'Spine2', 'Neck', 'Head'],
  ...['Left', 'Right'].flatMap((side) => limbs.map((limb) => side + limb)),
];
const visemes = 'sil PP FF TH DD kk CH SS nn RR aa E I O U'.split(' ').map((name) => 'viseme_' + name);
const shapes = [...visemes, 'mouthOpen', 'mouthSmile', 'eyesClosed', 'eyesLookUp', 'eyesLookDown'];

const meshes = [];
root.traverse((node) => node.morphTargetInfluences?.length && node.morphTargetDictionary && meshes.push(node));
const missing = [
  ...bones.filter((name) => !root.getObjectByName(name)?.isBone),
  ...shapes.filter((name) => !meshes.every((mesh) => name in mesh.morphTargetDictionary)),
];
root.getObjectByName('Hips').position.y += 100; // as if it stood on the floor: only Ground stays where it is
root.updateMatrixWorld(true);
const lifted = new THREE.Box3().setFromObject(root).min.y;
process.stdout.write(JSON.stringify({ missing, meshes: meshes.length, floor: lifted }));
