// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

@_exported public import OpenAIBatchConformance
