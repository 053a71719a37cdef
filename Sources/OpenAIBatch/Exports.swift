// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

@_exported public import OpenAIBatchMiddleware
@_exported public import OpenAIBatchModels
@_exported public import OpenAIBatchPagination
@_exported public import OpenAIBatchTransport
