// Looks for the number of an ALTCHA challenge (v2, PBKDF2/SHA-256), beside the page and not in its way.
// Told {parameters, start, step}; says {counter, derivedKey} when it has found the number.
(() => {
  const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  const hex = (some) => Array.from(some, (byte) => byte.toString(16).padStart(2, "0")).join("");

  async function native(password, salt, rounds, length) {
    const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
    return new Uint8Array(
      await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations: rounds }, key, length * 8),
    );
  }

  // Where a shop is not read over https (a rehearsal on a local network), browsers keep their own ciphers back.
  const constants = [...primes(64)].map((prime) => fraction(Math.cbrt(prime)));
  const beginning = [...primes(8)].map((prime) => fraction(Math.sqrt(prime)));

  function* primes(most) {
    for (let number = 2, found = 0; found < most; number++) {
      let prime = true;
      for (let by = 2; by * by <= number; by++) if (number % by === 0) prime = false;
      if (prime) { found++; yield number; }
    }
  }

  function fraction(root) {
    return ((root - Math.floor(root)) * 4294967296) | 0;
  }

  const words = new Int32Array(64);

  // One block of 16 words into a state of 8, in place.
  function mix(state, block) {
    words.set(block);
    for (let at = 16; at < 64; at++) {
      const x = words[at - 15], y = words[at - 2];
      const small = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const large = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      words[at] = words[at - 16] + small + words[at - 7] + large;
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let at = 0; at < 64; at++) {
      const large = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const one = (h + large + ((e & f) ^ (~e & g)) + constants[at] + words[at]) | 0;
      const small = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const two = (small + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g; g = f; f = e; e = (d + one) | 0; d = c; c = b; b = a; a = (one + two) | 0;
    }
    state[0] += a; state[1] += b; state[2] += c; state[3] += d;
    state[4] += e; state[5] += f; state[6] += g; state[7] += h;
  }

  function blockOf(some) {
    const whole = new Uint8Array(64);
    whole.set(some);
    const view = new DataView(whole.buffer);
    return Int32Array.from({ length: 16 }, (_, at) => view.getInt32(at * 4));
  }

  function started(block, pad) {
    const state = Int32Array.from(beginning);
    mix(state, block.map((word) => word ^ pad));
    return state;
  }

  // PBKDF2 of a password of up to 64 bytes, a salt of up to 51, into up to 32 bytes.
  function own(password, salt, rounds, length) {
    const key = blockOf(password);
    const inner = started(key, 0x36363636), outer = started(key, 0x5c5c5c5c);
    const rest = new Int32Array(16);
    rest[8] = 0x80000000 | 0;
    rest[15] = (64 + 32) * 8;
    const sign = (block) => {
      const one = Int32Array.from(inner), two = Int32Array.from(outer);
      mix(one, block);
      rest.set(one);
      mix(two, rest);
      return two;
    };
    const first = new Uint8Array(64);
    first.set(salt);
    first[salt.length + 3] = 1;
    first[salt.length + 4] = 0x80;
    new DataView(first.buffer).setUint32(60, (64 + salt.length + 4) * 8);
    let last = sign(blockOf(first));
    const sum = Int32Array.from(last);
    const next = Int32Array.from(rest);
    for (let round = 1; round < rounds; round++) {
      next.set(last);
      last = sign(next);
      for (let at = 0; at < 8; at++) sum[at] ^= last[at];
    }
    const out = new DataView(new ArrayBuffer(32));
    sum.forEach((word, at) => out.setInt32(at * 4, word));
    return new Uint8Array(out.buffer, 0, length);
  }

  async function search({ parameters, start, step }) {
    const { nonce, salt, cost, keyLength = 32, keyPrefix } = parameters;
    const derive = globalThis.crypto?.subtle ? native : own;
    const salted = bytes(salt);
    const named = bytes(nonce);
    const password = new Uint8Array(named.length + 4);
    password.set(named);
    const end = new DataView(password.buffer);
    for (let counter = start; ; counter += step) {
      end.setUint32(named.length, counter);
      const derived = hex(await derive(password, salted, cost, keyLength));
      if (derived.startsWith(keyPrefix)) return { counter, derivedKey: derived };
    }
  }

  onmessage = async ({ data }) => {
    try {
      postMessage(await search(data));
    } catch (error) {
      postMessage({ error: String(error) });
    }
  };
})();
