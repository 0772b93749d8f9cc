#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each check finds the faults planted in a small tree, and nothing in the same tree without them."""

import os
import shutil
import sys
import tempfile

import lint

SPDX = '/* SPDX-License-Identifier: LGPL-2.1-or-later */\n'
HEADER = SPDX + '#pragma once\n\nSENTIENT_API\nvoid sentient_thing_do (int what);\n'
SOURCE = SPDX + '''#include "core/sentient-thing.h"

/**
 * sentient_thing_do:
 * @what: what to do
 *
 * Does it.
 *
 * Since: 0.1
 */
void
sentient_thing_do (int what)
{
}
'''

GOOD = {
    'src/libsentient/sentient.h': SPDX + '#pragma once\n#include "core/sentient-thing.h"\n',
    'src/libsentient/core/sentient-thing.h': HEADER,
    'src/libsentient/core/sentient-thing.c': SOURCE,
    'src/cli/main.c': SPDX + 'const char *text = _ ("words");\n',
    'po/POTFILES.in': 'src/cli/main.c\n',
    'tests/tsan.supp': '# foreign\ncalled_from_lib:libglib-2.0.so\n',
    'tools/run': '#!/bin/bash\nif true; then echo; fi\n',
    'introspection/examples/hello.py': 'print()\n',
    'README.md': 'A\n\n<!-- file: introspection/examples/hello.py -->\n```python\nprint()\n```\n',
}

BODY = 'static void\nlong_one (void)\n{\n' + '  a ();\n' * 60 + '}\n'

# check: files that break its rule
BAD = {
    'floors': [
        {'src/libsentient/core/x.c': '#include "peer/sentient-peer.h"\n'},
        {'src/libsentient/webrtc/x.c': '#include "signaling/sentient-engine.h"\n'},
        {'src/libsentient/peer/x.c': '#include <gst/gst.h>\n'},
        {'src/libsentient/peer/x.c': '#include "sentient-peer.h"\n'},
        {'src/settings/x.c': '#include "peer/sentient-peer.h"\n'},
        {'src/settings/x.c': '#include "sentient-settings.h"\n'},
        {'src/libsentient/peer/x.c': '#include "daemon/sentient-daemon.h"\n'},
        {'src/dbus/x.c': '#include "core/sentient-error.h"\n'},
        {'src/client/x.c': '#include "daemon/sentient-daemon.h"\n'},
        {'src/applet/x.c': '#include "peer/sentient-peer.h"\n'},
    ],
    'races': [
        {'src/libsentient/core/x.c': '  g_mutex_lock (&self->lock);\n'},
        {'src/libsentient/core/x.c': '  if (g_atomic_ref_count_dec (&self->refs))\n'},
        {'src/libsentient/core/x.c': '  while (g_cond_wait_until (&cond, &lock, end))\n'},
        {'tests/tsan.supp': 'race:libglib-2.0.so\n'},
        {'tests/tsan.supp': 'called_from_lib:libsentient-1.so\n'},
        {'tests/tsan.supp': 'race:on_event\n'},
    ],
    'sources': [
        {'src/libsentient/core/x.c': '  g_source_attach (source, NULL);\n'},
        {'src/libsentient/signaling/x.c': '  id = g_timeout_add_seconds (1, f, NULL);\n'},
    ],
    'docs': [
        {'src/libsentient/core/sentient-thing.c': SPDX},
        {'src/libsentient/core/sentient-thing.c': SOURCE.replace('Since: 0.1', '')},
        {'src/libsentient/core/sentient-thing.c': SOURCE + 'g_param_spec_int ("size", NULL);'},
        {'src/libsentient/core/sentient-thing.c': SOURCE + 'g_signal_new ("moved", 0);'},
    ],
    'sizes': [
        {'src/libsentient/core/x.c': '\n' * 600},
        {'src/libsentient/core/x.c': BODY},
    ],
    'licence': [
        {'src/libsentient/core/x.c': 'int x;\n'},
        {'src/libsentient/core/x.h': SPDX},
    ],
    'umbrella': [{'src/libsentient/sentient.h': SPDX}],
    'readme': [
        {'introspection/examples/hello.py': 'print(1)\n'},
        {'README.md': 'nothing\n'},
    ],
    'translation': [
        {'src/cli/other.c': 'x (_ ("more"));\n'},
        {'po/POTFILES.in': 'src/cli/main.c\nsrc/cli/gone.c\n'},
        {'src/cli/main.c': SPDX + 'x (_ ("%" G_GSIZE_FORMAT " bytes"));\n'},
        {'src/cli/main.c': SPDX + 'x (_ ("words")); cli_say (CLI_GOOD, "%s is there", y);\n'},
        {'data/ui/window.ui': '<property name="label" translatable="yes">Words</property>\n'},
        {'data/x.desktop.in': '[Desktop Entry]\nName=Words\n'},
    ],
    'xgettext': [
        {'src/cli/main.c': SPDX + 'x ("words");\n'},
        {'src/cli/main.c': SPDX + 'x (_ ("words"), "cut\n'},
        {'po/POTFILES.in': 'src/cli/main.c\nsrc/cli/gone.c\n'},
    ],
    'shell': [{'tools/run': '#!/bin/bash\nif true; then\n'}],
    'format': [{'src/libsentient/core/x.c': 'int   x;\n'}],
}


def problems(check, changes):
    root = tempfile.mkdtemp(prefix='sentient-lint-')
    try:
        config = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../.clang-format')
        shutil.copy(config, root)
        for name, text in {**GOOD, **changes}.items():
            path = os.path.join(root, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, 'w', encoding='utf-8') as file:
                file.write(text)
        return list(lint.CHECKS[check](root))
    finally:
        shutil.rmtree(root)


def main():
    failed = 0
    number = 0
    print(f'1..{len(lint.CHECKS) + sum(len(trees) for trees in BAD.values())}')
    for check in lint.CHECKS:
        if check == 'format' and not shutil.which('clang-format'):
            good, bad = [], []
        else:
            good, bad = problems(check, {}), BAD[check]
        for text, right in [(f'{check}: a good tree {good}', not good)] + [
                (f'{check}: finds {list(tree)}', bool(problems(check, tree))) for tree in bad]:
            number += 1
            failed += not right
            print(f'{"ok" if right else "not ok"} {number} - {text}')
    sys.exit(1 if failed else 0)


main()
