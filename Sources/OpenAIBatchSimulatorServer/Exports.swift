// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if Simulator
@_exported public import OpenAIBatchSimulator
#endif
