// node.js - Node's net and dgram.
//   node.js echo|lines|sink|source|udp PORT
'use strict';
const mode = process.argv[2];
const port = Number(process.argv[3]);
const piece = Buffer.from('0123456789abcdef'.repeat(4096));

const work = {
  echo(s) {
    s.on('data', (data) => s.write(data));
  },
  sink(s) {
    s.resume();
  },
  // Cut by hand, which is much quicker than its readline; the answers of one
  // piece leave together.
  lines(s) {
    let unfinished = '';
    s.setEncoding('latin1');
    s.on('data', (data) => {
      const lines = (unfinished + data).split('\n');
      unfinished = lines.pop();
      let answer = '';
      for (const line of lines) answer += line + '\n';
      s.write(answer, 'latin1');
    });
  },
  source(s) {
    const more = () => {
      while (s.write(piece));
    };
    s.on('drain', more);
    more();
  },
};

if (mode === 'udp') {
  const s = require('dgram').createSocket('udp4');
  s.on('message', (data, from) => s.send(data, from.port, from.address));
  s.bind(port, '127.0.0.1');
} else {
  require('net').createServer({ noDelay: true }, (s) => {
    s.on('error', () => s.destroy());
    work[mode](s);
  }).listen({ port, host: '127.0.0.1', backlog: 4096 });
}
