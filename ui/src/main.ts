import './guard'
import '@fontsource/barlow-semi-condensed/latin-400.css'
import '@fontsource/barlow-semi-condensed/latin-500.css'
import '@fontsource/barlow-semi-condensed/latin-600.css'
import 'uplot/dist/uPlot.min.css'
import './styles/tokens.css'
import './styles/base.css'
import { connect } from './api/host'
import { open } from './open'

const target = document.getElementById('app')
if (target === null) throw new Error('index.html has no #app')
await open(await connect(), target)
