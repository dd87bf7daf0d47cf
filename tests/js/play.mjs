// node play.mjs file.glb seconds...: loads the file with three.js, plays its clip to each instant and prints
// JSON: the morph target names, the clip's length and, for each instant, every skinned and morphed vertex.
import { readFile } from 'node:fs/promises';
import * as THREE from 'three';
import { GLTFLoader } from 'three/examples/jsm/loaders/GLTFLoader.js';

// Node decodes no pictures: a blank one stands in for each, which leaves geometry and animation as they are.
globalThis.self = globalThis;
globalThis.createImageBitmap = async () => ({ width: 1, height: 1, close() {} });

const [path, ...instants] = process.argv.slice(2);
const bytes = await readFile(path);
const loader = new GLTFLoader();
const gltf = await loader.parseAsync(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length), '');

const meshes = [];
gltf.scene.traverse((node) => node.isSkinnedMesh && meshes.push(node));
const mixer = new THREE.AnimationMixer(gltf.scene);
const clip = gltf.animations[0];
const action = mixer.clipAction(clip).setLoop(THREE.LoopOnce);
action.clampWhenFinished = true;
action.play();

function vertices() {
  gltf.scene.updateMatrixWorld(true);
  const point = new THREE.Vector3();
  const all = [];
  for (const mesh of meshes) {
    mesh.skeleton.update();
    for (let i = 0; i < mesh.geometry.attributes.position.count; i++) {
      all.push(...mesh.getVertexPosition(i, point).applyMatrix4(mesh.matrixWorld).toArray());
    }
  }
  return all;
}

const frames = instants.map((seconds) => {
  mixer.setTime(Number(seconds));
  return vertices();
});
process.stdout.write(
  JSON.stringify({
    names: meshes.map((mesh) => Object.keys(mesh.morphTargetDictionary)),
    nodes: ['Armature', 'Neck', 'Head', 'HeadMesh'].filter((name) => gltf.scene.getObjectByName(name)),
    duration: clip.duration,
    frames,
  }),
);
