// SPDX-License-Identifier: LGPL-2.1-or-later
// node in-node.mjs MODULES CONTROL WHO: the client with libwebrtc, the engine of Chromium.

import process from 'node:process';
import {createRequire} from 'node:module';

import {run} from './client.mjs';

const [modules, control, who] = process.argv.slice(2);
const load = createRequire(`${modules}/`);

globalThis.RTCPeerConnection = load('@roamhq/wrtc').RTCPeerConnection;
globalThis.WebSocket = load('ws').WebSocket;
await run(control, who);
process.exit(0);
