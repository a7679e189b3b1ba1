import { mount } from 'svelte'
import './app.css'
import App from './App.svelte'
import { preferredLanguage, words } from './lib/i18n.svelte'
import { applyTheme } from './lib/theme'

applyTheme()
void words.use(preferredLanguage()).then(() => {
  const target = document.getElementById('console')
  if (target) mount(App, { target })
})
