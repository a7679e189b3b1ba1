import { svelte } from '@sveltejs/vite-plugin-svelte'
import { IntlMessageFormat } from 'intl-messageformat'
import { defineConfig, type Plugin } from 'vite'

// A catalogue with its texts parsed; one that cannot be parsed is an error that names its key.
export function parsed(catalogue: string): string {
  const texts = Object.entries(JSON.parse(catalogue) as Record<string, string>)
  const made = texts.map(([key, text]) => {
    try {
      return [key, text.includes('{') ? new IntlMessageFormat(text, 'en', undefined, { ignoreTag: true }).getAst() : text]
    } catch (error) {
      throw new Error(`${key}: ${text}`, { cause: error })
    }
  })
  return JSON.stringify(Object.fromEntries(made))
}

// Parsed here and not in every browser, which so loads no parser: an eighth of the first load. Vitest and the dev server take the
// texts as they are.
const words: Plugin = {
  name: 'words',
  apply: 'build',
  enforce: 'pre',
  config: () => ({
    resolve: { alias: { '@formatjs/icu-messageformat-parser': '@formatjs/icu-messageformat-parser/no-parser.js' } },
  }),
  transform: (code, id) => (/\/locales\/\w+\.json$/.test(id) ? parsed(code) : null),
}

export default defineConfig({
  plugins: [words, svelte()],
  build: {
    // light-dark(), :has() and <dialog> as they are: the browsers of the last two years have them.
    target: ['chrome123', 'edge123', 'firefox128', 'safari17.5'],
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  server: { proxy: { '/api': 'http://127.0.0.1:7413', '/auth': 'http://127.0.0.1:7413', '/login': 'http://127.0.0.1:7413' } },
})
