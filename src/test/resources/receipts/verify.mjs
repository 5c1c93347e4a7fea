// Verifies a receipt from docs/receipts.md alone: node verify.mjs RECEIPT KEYS ORIGINAL [PROOF CHUNK]
import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';

const [receiptFile, keysFile, originalFile, proofFile, chunkFile] = process.argv.slice(2);
const sha256 = (...parts) => createHash('sha256').update(Buffer.concat(parts)).digest();
const hex = bytes => bytes.toString('hex');
const fail = why => { console.log(`REFUSED ${why}`); process.exit(1); };

// The signature: Ed25519 over the ASCII text of the first two parts, by the key that the header names.
const text = readFileSync(receiptFile, 'ascii').trim();
const [header, payload, signature] = text.split('.');
const json = part => JSON.parse(Buffer.from(part, 'base64url'));
const { alg, kid, typ } = json(header);
if (alg !== 'EdDSA' || typ !== 'saga-receipt+json') fail('not a receipt');
const keys = JSON.parse(readFileSync(keysFile));
const jwk = (keys.keys ?? [keys]).find(key => thumbprint(key) === kid);
if (!jwk) fail('signed by an unknown key');
const signed = Buffer.from(`${header}.${payload}`, 'ascii');
if (!verify(null, signed, createPublicKey({ key: jwk, format: 'jwk' }), Buffer.from(signature, 'base64url'))) fail('signature');

function thumbprint({ crv, kty, x }) { // RFC 7638
  return sha256(Buffer.from(JSON.stringify({ crv, kty, x }))).toString('base64url');
}

// The hash tree of RFC 9162 over "index offset size sha256" of each chunk.
const statement = json(payload);
const { chunks, merkleRoot } = statement.content;
const leaf = chunk => sha256(Buffer.of(0), Buffer.from(`${chunk.index} ${chunk.offset} ${chunk.size} ${chunk.sha256}`));
const node = (left, right) => sha256(Buffer.of(1), left, right);
function root(leaves) {
  if (leaves.length === 0) return sha256();
  if (leaves.length === 1) return leaves[0];
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return node(root(leaves.slice(0, split)), root(leaves.slice(split)));
}
if (hex(root(chunks.map(leaf))) !== merkleRoot) fail('root of the hash tree');

// The original, chunk by chunk and as a whole.
const original = readFileSync(originalFile);
for (const chunk of chunks) {
  if (hex(sha256(original.subarray(chunk.offset, chunk.offset + chunk.size))) !== chunk.sha256) fail(`chunk ${chunk.index}`);
}
if (original.length !== statement.document.sizeBytes || hex(sha256(original)) !== statement.document.sha256) fail('original');

// The proof of one chunk: RFC 9162, section 2.1.3.2.
if (proofFile) {
  const proof = JSON.parse(readFileSync(proofFile));
  const bytes = readFileSync(chunkFile);
  if (bytes.length !== proof.size || hex(sha256(bytes)) !== proof.sha256) fail('not this chunk');
  let [fn, sn, hash] = [proof.index, chunks.length - 1, leaf(proof)];
  for (const sibling of proof.path.map(each => Buffer.from(each, 'hex'))) {
    if (sn === 0) fail('proof too long');
    if (fn % 2 === 1 || fn === sn) {
      hash = node(sibling, hash);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn >> 1, sn >> 1];
    } else hash = node(hash, sibling);
    [fn, sn] = [fn >> 1, sn >> 1];
  }
  if (sn !== 0 || hex(hash) !== merkleRoot) fail('proof');
}
console.log(`GENUINE ${statement.chain.sequence} ${statement.document.documentId} ${hex(sha256(Buffer.from(text)))}`);
