// Light, dark, or as the system has it.
export type Theme = 'auto' | 'light' | 'dark'

export function chosenTheme(): Theme {
  const kept = localStorage.getItem('theme')
  return kept === 'light' || kept === 'dark' ? kept : 'auto'
}

export function applyTheme(theme: Theme = chosenTheme()): void {
  localStorage.setItem('theme', theme)
  if (theme === 'auto') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = theme
}
