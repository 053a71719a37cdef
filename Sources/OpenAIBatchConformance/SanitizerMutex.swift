// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if OPENAI_BATCH_TSAN
internal import OpenAIBatchTransport

typealias Mutex<Value: ~Copyable> = PthreadMutex<Value>
#endif
