"""Logs of our own making in the shapes of their sources; each holds one call of equal size.

1,000 tokens in, 200 of them read from a cache, and 50 out: at gpt-4o's list price
800 × 2.5 + 200 × 1.25 + 50 × 10 = 2,750 USD a million calls.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
NOW = datetime(2026, 11, 15, tzinfo=UTC)
UNIX = int(AT.timestamp())
ISO = "2026-11-01T12:00:00Z"
USAGE = {
    "prompt_tokens": 1000,
    "completion_tokens": 50,
    "total_tokens": 1050,
    "prompt_tokens_details": {"cached_tokens": 200},
}
MESSAGES = [{"role": "user", "content": "What is the capital of France?"}]


def openai(number: int = 1, **changes: Any) -> dict[str, Any]:
    request = {"model": "gpt-4o", "messages": MESSAGES, "temperature": 0, "user": "ada"}
    answer = {
        "id": f"chatcmpl-{number}",
        "object": "chat.completion",
        "created": UNIX,
        "model": "gpt-4o-2024-08-06",
        "usage": USAGE,
    }
    whole = {"timestamp": ISO, "request": request, "response": answer, "tags": {"team": "search"}}
    return whole | changes


def stored_completion(number: int = 1) -> dict[str, Any]:
    answer: dict[str, Any] = openai(number)["response"]
    return answer | {"metadata": {"team": "search"}}


def batch_output(number: int = 1) -> dict[str, Any]:
    body = openai(number)["response"]
    return {
        "id": f"batch_req_{number}",
        "custom_id": f"request-{number}",
        "response": {"status_code": 200, "request_id": "req_1", "body": body},
        "error": None,
    }


def anthropic(number: int = 1) -> dict[str, Any]:
    return {
        "timestamp": ISO,
        "request": {"model": "claude-sonnet-4-5", "max_tokens": 100, "messages": MESSAGES},
        "response": {
            "id": f"msg_{number}",
            "type": "message",
            "model": "claude-sonnet-4-5-20250929",
            "usage": {
                "input_tokens": 700,
                "cache_read_input_tokens": 200,
                "cache_creation_input_tokens": 100,
                "cache_creation": {
                    "ephemeral_5m_input_tokens": 60,
                    "ephemeral_1h_input_tokens": 40,
                },
                "output_tokens": 50,
            },
        },
    }


def litellm(number: int = 1) -> dict[str, Any]:
    return {
        "request_id": f"chatcmpl-{number}",
        "call_type": "acompletion",
        "api_key": "88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b",
        "spend": 0.00275,
        "total_tokens": 1050,
        "prompt_tokens": 1000,
        "completion_tokens": 50,
        "startTime": "2026-11-01T12:00:00+00:00",
        "endTime": "2026-11-01T12:00:02+00:00",
        "model": "openai/gpt-4o",
        "custom_llm_provider": "openai",
        "api_base": "https://api.openai.com",
        "metadata": {
            "user_api_key_alias": "backend",
            "usage_object": {"prompt_tokens_details": {"cached_tokens": 200}},
        },
        "cache_hit": "False",
        "request_tags": ["search", "eu"],
        "end_user": "ada",
    }


def helicone(number: int = 1) -> dict[str, Any]:
    return {
        "request_id": f"8f4b3c0e-0000-4000-8000-{number:012d}",
        "response_id": f"1f4b3c0e-0000-4000-8000-{number:012d}",
        "request_created_at": ISO,
        "response_status": 200,
        "provider": "OPENAI",
        "request_model": "gpt-4o",
        "request_path": "https://api.openai.com/v1/chat/completions",
        "request_user_id": "ada",
        "request_properties": {"team": "search", "Helicone-Session-Id": "s-1"},
        "prompt_tokens": 1000,
        "prompt_cache_read_tokens": 200,
        "completion_tokens": 50,
        "delay_ms": 1200,
        "cost": 0.00275,
    }


def langfuse(number: int = 1, kind: str = "GENERATION") -> dict[str, Any]:
    return {
        "id": f"observation-{number}",
        "traceId": "trace-1",
        "type": kind,
        "startTime": "2026-11-01T12:00:00.000Z",
        "endTime": "2026-11-01T12:00:02.000Z",
        "model": "gpt-4o",
        "modelParameters": {"temperature": 0},
        "input": {"messages": MESSAGES},
        "usageDetails": {"input": 800, "input_cached_tokens": 200, "output": 50, "total": 1050},
        "costDetails": {"total": 0.00275},
        "userId": "ada",
        "tags": ["search"],
        "level": "DEFAULT",
        "latency": 2.0,
    }


def langfuse_blob(number: int = 1) -> dict[str, Any]:
    return {
        "id": f"observation-{number}",
        "trace_id": "trace-1",
        "type": "GENERATION",
        "start_time": "2026-11-01 12:00:00.000000",
        "provided_model_name": "gpt-4o",
        "usage_details": '{"input":800,"input_cached_tokens":200,"output":50}',
        "user_id": "ada",
    }


def portkey(number: int = 1) -> dict[str, Any]:
    return {
        "id": f"log-{number}",
        "trace_id": f"trace-{number}",
        "created_at": ISO,
        "request": {"model": "gpt-4o", "messages": MESSAGES},
        "response": {"usage": USAGE},
        "is_success": True,
        "ai_org": "openai",
        "ai_model": "gpt-4o",
        "req_units": 1000,
        "res_units": 50,
        "total_units": 1050,
        "cost": 0.275,
        "response_time": 1200,
        "response_status_code": 200,
        "metadata": {"_user": "ada", "team": "search"},
    }


def span(number: int = 1, attributes: Mapping[str, Any] = {}) -> dict[str, Any]:
    given = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.usage.input_tokens": 1000,
        "gen_ai.usage.cache_read.input_tokens": 200,
        "gen_ai.usage.output_tokens": 50,
    } | dict(attributes)
    return {
        "traceId": "5b8efff798038103d269b633813fc60c",
        "spanId": f"{number:016x}",
        "name": "chat gpt-4o",
        "startTimeUnixNano": str(UNIX * 10**9),
        "endTimeUnixNano": str(UNIX * 10**9 + 1_500_000_000),
        "attributes": [{"key": name, "value": _otlp(value)} for name, value in given.items()],
    }


def _otlp(value: Any) -> dict[str, Any]:
    return {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}


def otlp(*spans: dict[str, Any]) -> dict[str, Any]:
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": list(spans)}]}]}


def plain_span() -> dict[str, Any]:
    """As scripts write spans, one in a line, with the older names."""
    return {
        "trace_id": "t",
        "span_id": "s",
        "start_time": ISO,
        "attributes": {
            "gen_ai.system": "openai",
            "gen_ai.request.model": "gpt-4o",
            "gen_ai.usage.prompt_tokens": 1000,
            "gen_ai.usage.completion_tokens": 50,
        },
    }


OPENAI_USAGE = (
    "start_time,end_time,start_time_iso,end_time_iso,project_id,num_model_requests,user_id,"
    "api_key_id,model,batch,service_tier,input_tokens,output_tokens,input_cached_tokens,"
    "input_audio_tokens,output_audio_tokens\n"
    f"{UNIX},{UNIX + 86400},{ISO},2026-11-02T12:00:00Z,proj_1,7,,key_1,gpt-4o-2024-08-06,False,"
    "default,7000,350,1400,0,0\n"
    f"{UNIX},{UNIX + 86400},{ISO},2026-11-02T12:00:00Z,,0,,,,,,,,,,\n"
)
OPENAI_COSTS = (
    "start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,line_item,"
    f"project_id\n{UNIX},{UNIX + 86400},{ISO},2026-11-02T12:00:00Z,12.5,usd,"
    '"gpt-4o-2024-08-06, input",proj_1\n'
)
ANTHROPIC_USAGE = (
    "usage_date_utc,model_version,api_key,workspace,usage_type,context_window,"
    "usage_input_tokens_no_cache,usage_input_tokens_cache_write_5m,"
    "usage_input_tokens_cache_write_1h,usage_input_tokens_cache_read,usage_output_tokens,"
    "web_search_count,inference_geo,speed\n"
    "2026-11-01,claude-sonnet-4-5-20250929,backend,Default,standard,≤ 200k,"
    "700000,60000,40000,200000,50000,2,global,\n"
)
HELICONE_CSV = (
    "response_id,response_created_at,response_status,request_created_at,request_body,"
    "request_properties,request_user_id,model,prompt_tokens,completion_tokens,latency,cost\n"
    f'"r-1","{ISO}","200","{ISO}","{{""model"":""gpt-4o"",""messages"":[{{""role"":""user"",'
    '""content"":""line one\\nline two""}]}","{""team"":""search""}","ada","gpt-4o","1000","50",'
    '"1200","0.00275"\n'
)


def jsonl(*records: Any) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)
