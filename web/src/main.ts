// The page begins here.

import { mount } from 'svelte';
import Root from './app/Root.svelte';
import './app/theme.css';

const target = document.getElementById('app');
if (target) mount(Root, { target });
