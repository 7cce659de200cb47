// Builds what browsers load into static/build: minified, named by a hash of the content,
// with a gzip copy beside each file and a manifest of names. Runs with plain `node`.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const look = dirname(fileURLToPath(import.meta.url));
const root = join(look, "..", "..", "..");
const modules = join(root, "node_modules");
const out = join(look, "static", "build");
const fresh = join(look, "static", `.build-${process.pid}`);

const sheets = ["shop", "console"];
const copies = {
  "htmx.js": "htmx.org/dist/htmx.min.js",
  "echarts.js": "echarts/dist/echarts.common.min.js",
  // For documents, which are set on the server: a PDF holds the few signs it uses.
  "document-regular.woff": "@fontsource/noto-sans-sc/files/noto-sans-sc-chinese-simplified-400-normal.woff",
  "document-bold.woff": "@fontsource/noto-sans-sc/files/noto-sans-sc-chinese-simplified-700-normal.woff",
};

function styleSheet(name) {
  const made = spawnSync(
    process.execPath,
    [join(modules, "@tailwindcss", "cli", "dist", "index.mjs"), "--minify",
      "-i", join(look, "css", `${name}.css`), "-o", join(fresh, `${name}.css`)],
    { cwd: root, encoding: "utf8" },
  );
  if (made.status !== 0) {
    process.stderr.write(made.stderr || String(made.error));
    rmSync(fresh, { recursive: true, force: true });
    process.exit(made.status ?? 1);
  }
}

function hashed(name, content) {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 10);
  return name.replace(/\.(\w+)$/, `.${hash}.$1`);
}

mkdirSync(fresh, { recursive: true });
sheets.forEach(styleSheet);
for (const [name, source] of Object.entries(copies)) cpSync(join(modules, source), join(fresh, name));
for (const name of readdirSync(join(look, "js"))) cpSync(join(look, "js", name), join(fresh, name));

const manifest = {};
for (const name of readdirSync(fresh)) {
  const content = readFileSync(join(fresh, name));
  manifest[name] = hashed(name, content);
  renameSync(join(fresh, name), join(fresh, manifest[name]));
  const zipped = gzipSync(content, { level: 9 });
  writeFileSync(join(fresh, `${manifest[name]}.gz`), zipped);
  console.log(`${manifest[name].padEnd(32)} ${content.length} bytes, ${zipped.length} gzipped`);
}
writeFileSync(join(fresh, "manifest.json"), JSON.stringify(manifest, null, 2) + "\n");

// The old build stays until the new one is whole.
if (existsSync(out)) rmSync(out, { recursive: true });
renameSync(fresh, out);
