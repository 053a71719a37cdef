// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Testing

/// All tests that use sockets, one after another: some measure time, and all sessions of a process share one queue.
@Suite(.serialized, .timeLimit(.minutes(1)))
enum NetworkTests {}
