// Decrypts an object of the bucket, written from docs/encryption.md alone.
// node read-object.mjs FILE DATA-KEY-IN-HEX > PLAIN   (a zstd frame, if the header says codec 1)
import { createDecipheriv, createHmac, hkdfSync } from 'node:crypto';
import { readFileSync } from 'node:fs';

const object = readFileSync(process.argv[2]);
const dataKey = Buffer.from(process.argv[3], 'hex');

// The header.
if (object.toString('latin1', 0, 4) !== 'SAGA' || object[4] !== 1) throw new Error('not a version 1 object');
const header = {
  kind: ['', 'chunk', 'manifest', 'tail'][object[5]],
  codec: ['none', 'zstd'][object[6]],
  segment: 1 << object[7],
  index: object.readUInt32BE(8),
  count: object.readUInt32BE(12),
  plainBytes: Number(object.readBigUInt64BE(16)),
};
const keyCheck = createHmac('sha256', dataKey).update('streaming-saga key check').digest().subarray(0, 8);
if (!keyCheck.equals(object.subarray(24, 32))) throw new Error('encrypted with another data key');
let at = 32;
for (const id of ['sagaId', 'documentId']) {
  const length = object.readUInt16BE(at);
  header[id] = object.toString('utf8', at + 2, at + 2 + length);
  at += 2 + length;
}
const associatedData = object.subarray(0, at);

// The ciphertext: length of its own header, salt, nonce prefix, segments.
if (object[at] !== 40) throw new Error('damaged ciphertext');
const salt = object.subarray(at + 1, at + 33);
const prefix = object.subarray(at + 33, at + 40);
const key = Buffer.from(hkdfSync('sha256', dataKey, salt, associatedData, 32));
const plain = [];
for (let from = at + 40, to = at + header.segment, n = 0; ; from = to, to += header.segment, n++) {
  const last = to >= object.length;
  const segment = object.subarray(from, Math.min(to, object.length));
  const nonce = Buffer.alloc(12);
  prefix.copy(nonce);
  nonce.writeUInt32BE(n, 7);
  nonce[11] = last ? 1 : 0;
  const cipher = createDecipheriv('aes-256-gcm', key, nonce);
  cipher.setAuthTag(segment.subarray(segment.length - 16));
  plain.push(cipher.update(segment.subarray(0, segment.length - 16)), cipher.final());
  if (last) break;
}
console.error(JSON.stringify(header));
process.stdout.write(Buffer.concat(plain));
