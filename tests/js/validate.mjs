// node validate.mjs file.glb: the Khronos validator's report as JSON.
import { readFile } from 'node:fs/promises';
import validator from 'gltf-validator';

const report = await validator.validateBytes(new Uint8Array(await readFile(process.argv[2])), { maxIssues: 1000 });
process.stdout.write(JSON.stringify(report));
