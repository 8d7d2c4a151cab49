"""Prints a SAM template as CloudFormation gets it: expanded by SAM's own transform, with parameters given as NAME=VALUE.

Runs in the Python environment of the SAM CLI, which brings the transform. Usage: expand.py TEMPLATE [NAME=VALUE]...
"""

import json
import os
import sys

from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform


class NoManagedPolicies:
    """Policies are written out in the template: none is looked up by name."""

    def load(self):
        return {}


def main():
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")  # which the transform must know, though it calls nothing
    with open(sys.argv[1], encoding="utf-8") as file:
        template = yaml_parse(file.read())
    parameters = dict(argument.split("=", 1) for argument in sys.argv[2:])
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/" + resource["Properties"]["CodeUri"]
    json.dump(transform(template, parameters, NoManagedPolicies()), sys.stdout, indent=1, sort_keys=True)


main()
