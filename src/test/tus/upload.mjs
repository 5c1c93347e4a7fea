// Uploads a file with tus-js-client, and continues after every failure, on whatever server the last line of the file of
// ports names. Prints at the end the URL of the upload, and how many bytes were sent again each time it continued.
// Arguments: file of ports, file, name
import { createReadStream, readFileSync, statSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { Upload } from 'tus-js-client';

const [ports, file, name] = process.argv.slice(2);
const size = statSync(file).size;
let path;
let sent = 0;
let again = 0;
const resumed = [];
let failures = 0;

function base() {
  return `http://127.0.0.1:${readFileSync(ports, 'utf8').trim().split('\n').pop()}`;
}

function attempt() {
  return new Promise((resolve, reject) => {
    let first = true;
    const upload = new Upload(createReadStream(file), {
      endpoint: `${base()}/api/uploads`,
      uploadUrl: path && base() + path,
      uploadSize: size,
      chunkSize: size,
      retryDelays: null,
      storeFingerprintForResuming: false,
      metadata: { filename: name, filetype: 'application/octet-stream' },
      onUploadUrlAvailable: () => {
        path ??= new URL(upload.url).pathname;
      },
      onProgress: (bytes) => {
        if (first) {
          const twice = Math.max(0, sent - bytes);
          again += twice;
          if (sent > 0) {
            resumed.push(twice);
          }
          first = false;
        }
        sent = bytes;
      },
      onError: reject,
      onSuccess: resolve,
    });
    upload.start();
  });
}

for (;;) {
  try {
    await attempt();
    break;
  } catch (failure) {
    failures++;
    if (failures > 300) {
      throw failure;
    }
    await pause(200);
  }
}
console.log(JSON.stringify({ path, again, resumed, failures }));
