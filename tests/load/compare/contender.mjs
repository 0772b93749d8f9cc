// SPDX-License-Identifier: LGPL-2.1-or-later
// What contender.c is, for engines with a binding to node: see contender.h.

import process from 'node:process';
import readline from 'node:readline';
import {createRequire} from 'node:module';

const POOL_SIZE = 4 * 1024 * 1024;
const POOL_STEP = 1024 * 1024 + 7;
const PING_SIZE = 64;
const KIND = {FLOOD: 1, LAST: 2, PING: 3, PONG: 4};

// From where install.sh put it.
export const load = name => createRequire(`${process.env.COMPARE_MODULES}/`)(name);

export const say = line => process.stdout.write(`${line}\n`);

export function die(text) {
    process.stdout.write(`error ${text}\n`, () => process.exit(1));
}

// engine: {connect (), signal (text), send (buffer, isUrgent)}; send () returns false when the
// message was not taken, goOn () is to follow then.
export function run(engine) {
    const pool = fillPool();
    const message = {size: 0, buffer: null};
    const flood = {size: 0, wanted: 0, until: 0, sent: 0, held: null, isLast: false, isOn: false};
    const heard = {number: 0, bytes: 0};
    const ping = {rtts: null, gap: 0, at: 0n, number: 0, timer: null};
    let isChecking = false;

    function fillPool() {
        const bytes = Buffer.alloc(POOL_SIZE);
        let word = 20250701;
        for (let at = 0; at < POOL_SIZE; at += 4) {
            word ^= word << 13;
            word ^= word >>> 17;
            word ^= word << 5;
            bytes.writeInt32LE(word, at);
        }
        return bytes;
    }

    const findPiece = (number, size) => {
        const at = number * POOL_STEP % (POOL_SIZE - size);
        return pool.subarray(at, at + size);
    };

    // Engines copy what they are given: one buffer serves all messages.
    function makeMessage(kind, number, size) {
        if (message.size !== size) {
            message.size = size;
            message.buffer = Buffer.alloc(size);
        }
        findPiece(number, size).copy(message.buffer);
        message.buffer.writeUInt32LE(kind, 0);
        message.buffer.writeUInt32LE(number, 4);
        return message.buffer;
    }

    function goOn() {
        while (flood.isOn) {
            if (flood.held === null) {
                flood.isLast = flood.sent + 1 === flood.wanted ||
                    (flood.until > 0 && flood.sent > 0 && performance.now() >= flood.until);
                flood.held = makeMessage(flood.isLast ? KIND.LAST : KIND.FLOOD, flood.sent, flood.size);
            }
            if (!engine.send(flood.held, false)) {
                flood.held = Buffer.from(flood.held);
                return;
            }
            flood.held = null;
            flood.sent++;
            if (flood.isLast) {
                flood.isOn = false;
                say(`sent ${flood.sent}`);
            }
        }
    }

    function sendPing() {
        ping.timer = null;
        ping.at = process.hrtime.bigint();
        engine.send(makeMessage(KIND.PING, ++ping.number, PING_SIZE), true);
    }

    function hearPong(number) {
        if (number !== ping.number)
            die('a pong that nobody waits for');
        if (ping.rtts === null)
            return;
        ping.rtts.push((process.hrtime.bigint() - ping.at) / 1000n);
        ping.timer = setTimeout(sendPing, ping.gap);
    }

    function hearFlood(kind, number, data) {
        if (number !== heard.number)
            die(`message ${number} came where ${heard.number} was expected`);
        if (isChecking && data.compare(findPiece(number, data.length), 8, data.length, 8) !== 0)
            die(`message ${number} came with other bytes`);
        heard.number++;
        heard.bytes += data.length;
        if (kind === KIND.LAST) {
            say(`heard ${heard.number} ${heard.bytes}`);
            heard.number = 0;
            heard.bytes = 0;
        }
    }

    function hear(data) {
        const kind = data.readUInt32LE(0);
        const number = data.readUInt32LE(4);
        if (kind === KIND.FLOOD || kind === KIND.LAST)
            hearFlood(kind, number, data);
        else if (kind === KIND.PING)
            engine.send(makeMessage(KIND.PONG, number, PING_SIZE), true);
        else if (kind === KIND.PONG)
            hearPong(number);
        else
            die(`a message of kind ${kind} came`);
    }

    function beginFlood(size, wanted, ms) {
        Object.assign(flood, {size, wanted, sent: 0, isOn: true,
            until: ms > 0 ? performance.now() + ms : 0});
        goOn();
    }

    function endPings() {
        clearTimeout(ping.timer);
        say(['rtts', ...ping.rtts].join(' '));
        ping.rtts = null;
    }

    function obey(line) {
        const [verb, ...args] = line.split(' ');
        if (verb === 'signal')
            engine.signal(line.slice('signal '.length));
        else if (verb === 'connect')
            engine.connect();
        else if (verb === 'check')
            isChecking = true;
        else if (verb === 'flood')
            beginFlood(...args.map(Number));
        else if (verb === 'ping') {
            Object.assign(ping, {rtts: [], gap: Number(args[0])});
            sendPing();
        } else if (verb === 'stop')
            endPings();
        else if (verb === 'quit')
            process.exit(0);
        else
            die(`told “${line}”`);
    }

    const lines = readline.createInterface({input: process.stdin});
    lines.on('line', obey);
    lines.on('close', () => process.exit(1)); // whoever measures is gone
    process.on('uncaughtException', error => die(error.stack.replaceAll('\n', ' ')));
    say('ready');
    return {hear, goOn, opened: () => say('open')};
}
