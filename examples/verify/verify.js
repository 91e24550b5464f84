#!/usr/bin/env node
// SPDX-License-Identifier: LGPL-2.1-or-later
// verify.js [SOCKET]: asks the verifier about the user and the code on standard input.
'use strict';
const fs = require('fs');
const net = require('net');

const statuses = new Map([['accepted', 0], ['refused', 1], ['limited', 4]]);

function verify(user, code, path = '/run/totpgroup/verify') {
  const request = { method: 'org.totpgroup.Verify.Verify', parameters: { user, code } };
  return new Promise((resolve, reject) => {
    let reply = '';
    const verifier = net.connect(path, () => verifier.write(JSON.stringify(request) + '\0'));
    verifier.setEncoding('utf8').setTimeout(10000, () => verifier.destroy(new Error('no reply')));
    verifier.on('error', reject).on('end', () => reject(new Error('incomplete reply')));
    verifier.on('data', (received) => {
      reply += received;
      if (reply.length > 8192) return verifier.destroy(new Error('too long reply'));
      if (reply.endsWith('\0')) resolve(reply.slice(0, -1)), verifier.destroy();
    });
  }).then(JSON.parse).then((reply) => {
    const result = reply?.parameters?.result;
    if (reply?.error !== undefined || !statuses.has(result)) {
      throw new Error(`no verdict: ${JSON.stringify(reply)}`);
    }
    return result;
  });
}

const [user = '', code = ''] = fs.readFileSync(0, 'utf8').split('\n');
verify(user, code, process.argv[2]).then((result) => {
  console.log(result);
  process.exitCode = statuses.get(result);
}, (error) => {
  console.error(`verify: ${error.message}`);
  process.exitCode = 6;
});
